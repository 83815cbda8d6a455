"""IAM, as far as a test of policies needs it: a proxy that denies what a policy does not allow."""
