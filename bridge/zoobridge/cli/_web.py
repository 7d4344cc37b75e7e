"""``web``: the page in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import server_options

if TYPE_CHECKING:
    from zoobridge.cli._options import ServerOptions

__all__ = ["web"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535),
    help="Port to listen at.  [default: a free one]",
)  # fmt: skip
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
@click.option(
    "--name", "names", multiple=True, metavar="NAME",
    help="Name that browsers reach this machine by, such as lab.example.org. May be repeated.",
)  # fmt: skip
@click.option("--tls-cert", type=_FILE, help="Certificate chain of the page (PEM).")
@click.option("--tls-key", type=_FILE, help="The certificate's key (PEM).")
@click.option(
    "--login-token", envvar="ZOOBRIDGE_WEB_LOGIN_TOKEN", show_envvar=True, default="",
    help="Token with which visitors from other machines log in.  [default: a random one]",
)  # fmt: skip
@click.option("--pictures", type=_FOLDER, help="Folder of pictures that every visitor may take.")
@click.option(
    "--studies", type=click.Path(file_okay=False, path_type=Path),
    help="Folder to keep the studies of human judges in.  [default: end with the page]",
)  # fmt: skip
@click.option("--of-process", type=int, default=0, hidden=True, help="Wait for this server.")
@server_options
def web(
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    of_process: int,
    server: ServerOptions,
    **settings: Any,
) -> None:
    """Serve a page to try, compare and judge models in the browser, until Ctrl-C.

    The page is a client of the server like any other. It prints its address; anyone who opens that
    address on this machine may load and unload models. Other machines reach the page only with
    TLS, and visitors log in with a token.

    \b
    Examples:
      zoobridge web --open
      zoobridge web --server lab-server:50051 --ca lab.crt --port 8080
      zoobridge web --host 0.0.0.0 --name lab.example.org --port 8443 \\
          --tls-cert lab.crt --tls-key lab.key
    """  # noqa: D301
    with needs_extra("web", "the page"):
        from zoobridge.web import ServerChoice, WebConfig, serve
    config = WebConfig(
        server=ServerChoice(server.address, server.token, server.ca, server.tls, of_process),
        host=host,
        port=port,
        tls_certificate=tls_cert,
        tls_key=tls_key,
        ends_with_input=bool(of_process),
        **settings,
    )
    serve(config, announce=lambda address: click.echo(f"the page is at {address}"))
