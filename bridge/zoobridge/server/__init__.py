"""The server: servicers over one core, permissions, health, logs."""

from zoobridge.server._config import LOG_FORMATS, LOG_LEVELS, ServerConfig

__all__ = ["LOG_FORMATS", "LOG_LEVELS", "ServerConfig"]
