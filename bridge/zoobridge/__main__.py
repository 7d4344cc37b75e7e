"""``python -m zoobridge``: the ``zoobridge`` command."""

from zoobridge.cli import main

if __name__ == "__main__":
    main()
