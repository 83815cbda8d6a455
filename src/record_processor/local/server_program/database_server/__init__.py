"""ministack as a local database: on one address, with the requested services only, behind a door that we wrote."""
