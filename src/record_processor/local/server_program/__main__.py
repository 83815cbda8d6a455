"""The local database as a program: `python -I FOLDER --host 127.0.0.1 --port 8000 --services NAMES [--data FOLDER]`.

It runs with the Python of ministack's environment, where nothing of record_processor can be imported.
"""

import importlib

# By name: this folder is the program's only path, and not a package there.
importlib.import_module("database_server.main").main()
