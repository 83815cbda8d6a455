"""Which actions exist, and the way from `actions.yaml` to actions."""
