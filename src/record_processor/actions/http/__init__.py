"""HTTP calls with a time limit, and signatures of Standard Webhooks."""
