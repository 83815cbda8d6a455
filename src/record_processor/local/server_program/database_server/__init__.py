"""ministack as a local database: on one address, with the services that were asked for, behind a door of ours."""
