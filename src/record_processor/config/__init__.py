"""Reading what users write, and turning it into typed settings; every error is reported."""
