"""The README's ten steps, followed with a site of one's own."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)

README = (Path(__file__).parents[2] / "README.md").read_text()

# What the pages of three areas of a garden centre's manual talk about.
AREAS = {
    "tomatoes": "fruit vine stake truss ripen blossom sauce cherry beefsteak sucker prune",
    "roses": "thorn petal bloom graft bush hedge scent cane hip rambler floribunda blackspot",
    "lawns": "grass mow seed turf moss scarify edge blade thatch aerate roller clippings",
}
PAGES_PER_AREA = 24
PARAGRAPHS_PER_PAGE = 6


def garden() -> dict[str, str]:
    """The pages of the site by their path."""
    draw = random.Random(0)
    pages = {}
    for area, words in AREAS.items():
        for number in range(PAGES_PER_AREA):
            sentences = (
                " ".join(draw.choices([*words.split(), "soil", "water", "sun", "day"], k=14))
                for _ in range(PARAGRAPHS_PER_PAGE)
            )
            text = "".join(f"<p>{sentence.capitalize()}.</p>" for sentence in sentences)
            pages[f"/{area}/{number}.html"] = f"<main><h1>{area}</h1>{text}</main>"
    links = "".join(f'<a href="{path}">{path}</a> ' for path in pages)
    return {"/": f"<main>{links}</main>"} | pages


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of the garden centre's site, served on loopback."""
    pages = garden()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.get(self.path)
            body = f"<!doctype html><title>Garden</title>{found}".encode() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def steps() -> list[list[str]]:
    """The shell commands of each of the ten steps."""
    section = README.split("## Use it on your own site")[1].split("\n## ")[0]
    texts = re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]
    found = []
    for text in texts:
        blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
        lines = (line.strip() for block in blocks for line in block.splitlines())
        found.append([line for line in lines if line])
    return found


@pytest.mark.slow
def test_ten_steps_lead_to_a_champion_for_another_site(fresh, address: str, tmp_path: Path) -> None:
    project = fresh.copy(tmp_path / "project")
    numbered = steps()
    assert len(numbered) == 10

    def follow(number: int) -> str:
        output = ""
        for command in numbered[number - 1]:
            # The reader's own address; and no politeness towards one's own loopback.
            command = command.replace("https://docs.example.org/", address)
            if command.startswith("phytotron scrape"):
                command += " --allow-private --delay 0"
            output = project.run("bash", "-c", command).stdout
        return output

    follow(2)
    assert list((project.root / "look").glob("*.warc.gz"))
    follow(3)
    host = address.removeprefix("http://").rstrip("/")
    project.change(
        "conf/site/mysite.yaml",
        name="mysite",
        start_urls=[address],
        allowed_hosts=[host],
        allow_private=True,
        delay=0.0,
        labels=[{"match": f"^/{area}/", "label": area} for area in AREAS],
    )
    follow(7)
    assert project.read("params.yaml")["site"] == "mysite"
    assert '"kept"' in follow(8)
    assert project.read("data/interim/cleaning.json")["pages"]["kept"] == 3 * PAGES_PER_AREA
    project.replace("conf/pipeline.yaml", "model: router", "model: garden-router")
    follow(9)
    registration = project.read("build/registration.json")
    assert (registration["model"], registration["decision"]) == ("garden-router", "promoted")
    answer = project.run("phytotron", "predict", "The moss in the grass, and when to mow")
    assert answer.stdout.split()[1] == "lawns"
