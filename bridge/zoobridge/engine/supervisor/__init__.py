"""What runs in the server's process: it dispatches requests, and supervises the workers.

The sub-packages of the engine re-export nothing: anyone who imports one pays for what it uses alone.
"""
