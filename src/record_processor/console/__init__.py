"""The web page of an application: looked at from a browser on this machine, changed by nothing here.

One thread looks at the application, whatever the number of browsers (`poll.py`); what is asked of dead letters and
streams is limited where it is asked (`letter_desk.py`, `tail.py`); `server.py` limits connections and their time.
"""
