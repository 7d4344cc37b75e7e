"""A page on the demo zoo, and a real browser that looks at it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from web_actions import EXAMPLES, MOSAIC, ONNX, TEXTURES, choose_models, shown

CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Page:
    """A running ``zoobridge web``."""

    process: subprocess.Popen
    address: str

    @property
    def base(self) -> str:
        return self.address.partition("#")[0]

    @property
    def port(self) -> int:
        return int(self.base.rstrip("/").rpartition(":")[2])

    @property
    def key(self) -> str:
        return self.address.partition("#key=")[2]

    def visitor(self) -> Visitor:
        """A program that visits, with a separate session."""
        return Visitor(self.port)

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@dataclass
class Visitor:
    """Talks to the page without a browser, and keeps its cookie."""

    port: int
    cookie: str = ""
    host: str = "127.0.0.1"
    headers: dict = field(default_factory=dict)

    def ask(self, method, path, body=None, **headers):
        """Return status, headers and the body."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": f"{self.host}:{self.port}", "Origin": f"http://{self.host}:{self.port}"}
        if self.cookie:
            sent["Cookie"] = self.cookie
        sent |= self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if value is not None}
        data = json.dumps(body) if isinstance(body, dict) else body
        link.request(method, path, data, sent)
        answer = link.getresponse()
        content = answer.read()
        given = answer.headers.get("set-cookie", "")
        if given:
            self.cookie = given.partition(";")[0]
        link.close()
        return answer.status, answer.headers, content

    def json(self, method, path, body=None, *, status=200):
        code, _, content = self.ask(method, path, body)
        assert code == status, content
        return json.loads(content)

    def enter(self):
        self.json("GET", "/api/session")
        return self

    def lines(self, path, body):
        code, _, content = self.ask("POST", path, body)
        assert code == 200, content
        return [json.loads(line) for line in content.splitlines()]


def start_page(environment, *arguments) -> Page:
    process = subprocess.Popen(
        [sys.executable, "-m", "zoobridge", "web", *map(str, arguments)],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    found = re.search(r"https?://\S+", line)
    assert found, line
    return Page(process, found[0])


@pytest.fixture(scope="session")
def demo(zoobridge_server):
    """The demo zoo, served."""
    return zoobridge_server(EXAMPLES / "zoo", arguments=("--device", "cpu", "--threads", "1"))


@pytest.fixture(scope="session")
def page(demo):
    """The page on the demo zoo, with the demo's pictures."""
    running = start_page(
        demo.environment, "--server", demo.address, "--token", demo.token,
        "--pictures", EXAMPLES / "pictures",
    )  # fmt: skip
    yield running
    running.stop()


@dataclass
class Browser:
    """A running Chromium, and the tabs of earlier tests, which cost less than new ones."""

    running: object
    closing: contextlib.ExitStack
    idle: list = field(default_factory=list)

    def take(self, *, bypass_csp):
        """A tab without a cookie, and without anything of an earlier test."""
        for tab, csp in self.idle:
            if csp == bypass_csp:
                self.idle.remove((tab, csp))
                return tab
        context = self.running.new_context(bypass_csp=bypass_csp)
        # Several tests may share a slow machine.
        context.set_default_timeout(90_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        return context.new_page()

    def give_back(self, tab, origin, *, bypass_csp):
        """Forget what a test left in a tab, and keep it for the next one."""
        context = tab.context
        for other in context.pages:
            if other is not tab:
                other.close()
        link = context.new_cdp_session(tab)
        link.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        link.detach()
        tab.goto("about:blank")
        context.clear_cookies()
        self.idle.append((tab, bypass_csp))


BROWSER = pytest.StashKey()


@pytest.fixture
def browser(request):
    stash = request.config.stash
    if BROWSER not in stash:
        path = shutil.which("chromium")
        assert path, "Debian's chromium is missing; `make install-test` installs it"
        with contextlib.ExitStack() as closing:
            playwright = closing.enter_context(sync_playwright())
            running = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
            closing.callback(running.close)
            stash[BROWSER] = Browser(running, closing.pop_all())
    return stash[BROWSER]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """End the browser with the last test of this folder.

    Playwright keeps an event loop running, in which no other folder's test can start its own.
    """
    result = yield
    here = Path(__file__).parent
    if (nextitem is None or here not in nextitem.path.parents) and BROWSER in item.config.stash:
        item.config.stash[BROWSER].closing.close()
        del item.config.stash[BROWSER]
    return result


@dataclass
class Tab:
    """A browser's tab on the page, which fails the test for anything that goes wrong in it."""

    tab: object
    page: Page
    bypass_csp: bool = False
    faults: list = field(default_factory=list)
    hosts: set = field(default_factory=set)

    @property
    def origin(self) -> str:
        return self.page.base.rstrip("/")

    def listen(self):
        """Note whatever a script complains of, and whom it asks."""
        self._heard = {
            "pageerror": lambda error: self.faults.append(str(error)),
            "console": self._console,
            "request": lambda asked: self.hosts.add(
                asked.url.partition("://")[2].partition("/")[0]
            ),
        }
        for event, heard in self._heard.items():
            self.tab.on(event, heard)

    def leave(self):
        """Listen no more."""
        for event, heard in self._heard.items():
            self.tab.remove_listener(event, heard)

    def _console(self, message):
        expected = ("the server responded with a status", "net::ERR")
        if message.type == "error" and not any(one in message.text for one in expected):
            self.faults.append(message.text)

    def open(self, view, *, manager=True):
        """Open a view and wait until it is ready."""
        self.tab.goto(self.page.address if manager else self.page.base)
        self.tab.wait_for_selector(".view[data-ready]")
        self.show(view)
        return self.tab

    def show(self, view):
        self.tab.evaluate(
            """view => {
              if (location.hash !== `#${view}`) document.querySelector(".view").dataset.old = "";
              location.hash = view;
            }""",
            view,
        )
        name = view.partition("/")[0]
        self.tab.wait_for_selector(f".view.{name}[data-ready]:not([data-old])")


@pytest.fixture
def open_tab(browser, page):
    """Open tabs of visitors of their own; whatever a script complains of fails the test."""
    opened = []

    def open_one(*, of=None, size=(1280, 860), bypass_csp=False):
        one = Tab(browser.take(bypass_csp=bypass_csp), of or page, bypass_csp)
        one.tab.set_viewport_size({"width": size[0], "height": size[1]})
        one.tab.emulate_media(color_scheme="light")
        one.listen()
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        one.leave()
        browser.give_back(one.tab, one.origin, bypass_csp=one.bypass_csp)
    for one in opened:
        assert not one.faults
        own = one.page.base.partition("://")[2].rstrip("/")
        assert {host for host in one.hosts if ":" in host} <= {own}


@pytest.fixture
def tab(open_tab):
    return open_tab()


@pytest.fixture
def start(demo):
    """Start further pages; they are stopped at the end of the test."""
    started = []

    def start_one(*arguments, temporary=None, environment=None):
        extra = {"TMPDIR": str(temporary)} if temporary else {}
        started.append(start_page((environment or demo.environment) | extra, *arguments))
        return started[-1]

    yield start_one
    for one in started:
        if one.process.poll() is None:
            one.stop()
        one.process.stdout.close()


@pytest.fixture(scope="session")
def seven():
    """A picture of the digit 7."""
    return next((EXAMPLES / "pictures" / "digits" / "7").glob("*.png"))


@pytest.fixture
def playground(tab):
    """The playground with the digits' model in ONNX Runtime."""
    opened = tab.open("playground/digits")
    choose_models(opened, ONNX)
    return opened


@pytest.fixture
def mosaic(playground):
    """The playground with the mosaic of textures."""
    choose_models(playground, TEXTURES)
    playground.set_input_files(".drop input[type=file]", MOSAIC)
    shown(playground)
    return playground
