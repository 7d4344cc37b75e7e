"""``python -m zoobridge.cli``: the command where its script is not on the path."""

from zoobridge.cli import main

if __name__ == "__main__":
    main()
