"""How the demo zoo is made; see ``examples/make_zoo.py``."""
