"""Where actions send to, as the contract test sees it: what to configure, and what has arrived."""
