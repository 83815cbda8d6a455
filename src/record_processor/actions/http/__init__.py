"""HTTP calls that end in time, and Standard Webhooks' signatures."""
