"""A dashboard for Grafana, and how Prometheus scrapes `pitboss web`: docs/metrics.md."""
