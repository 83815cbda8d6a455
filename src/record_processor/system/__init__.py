"""Files, processes, signals and clocks."""
