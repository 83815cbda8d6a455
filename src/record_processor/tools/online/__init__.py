"""`record-processor check --online`: what must be there and answer before a worker starts, asked without a change."""
