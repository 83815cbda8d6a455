"""What users write in YAML, read into typed settings, with an answer for every mistake."""
