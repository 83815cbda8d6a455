"""What a worker shows of itself at `metricsPort`: metrics for Prometheus, its health, and its status."""
