"""The dashboard of `deploy/grafana`, read and asked as Grafana does it, and drawn for the documentation."""
