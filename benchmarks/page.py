"""What a page does that no program is offered: put a file in the place of the reviews, and list them."""

import io
import json
import uuid
from typing import Any

import httpx


class Page:
    """One visitor's page, with cookies and a session of its own."""

    def __init__(self, url: str, events: dict[str, int]) -> None:
        self.http = httpx.Client(base_url=url, timeout=120)
        self.events, self.session = events, uuid.uuid4().hex

    def ask(self, event: str, *data: Any) -> list[Any]:
        """What an event of the page answers. Raises RuntimeError with the sentence of a refusal."""
        wanted = {"data": data, "fn_index": self.events[event], "session_hash": self.session}
        self.http.post("gradio_api/queue/join", json=wanted).raise_for_status()
        with self.http.stream("GET", "gradio_api/queue/data", params={"session_hash": self.session}) as told:
            for line in told.iter_lines():
                said = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if said.get("msg") == "process_completed":
                    if said["success"]:
                        return list(said["output"]["data"])
                    raise RuntimeError(said["output"].get("error"))
        raise RuntimeError("the app hung up")

    def bring(self, name: str, table: bytes) -> str:
        """Upload a csv, choose it as the reviews, and return its first page as HTML."""
        sent = self.http.post("gradio_api/upload", files={"files": (name, io.BytesIO(table), "text/csv")})
        path = sent.raise_for_status().json()[0]
        file = {"path": path, "orig_name": name, "size": len(table), "meta": {"_type": "gradio.FileData"}}
        self.ask("switch", "auto", file, "", "", "auto")
        return str(self.ask("show_page", None, None, "", "all", "all", None)[0])


def events(url: str) -> dict[str, int]:
    """The numbers of the page's events by name."""
    config = httpx.get(f"{url}config", timeout=60).json()
    return {each["api_name"]: each["id"] for each in config["dependencies"] if each["api_name"]}


def own_table(visitor: int, megabytes: float = 1.0) -> bytes:
    """A csv of reviews that nobody else has."""
    lines, size, row = ["text,label"], 0, 0
    while size < megabytes * 1e6:
        word = "dull" if row % 2 else "fine"
        lines.append(f"visitor{visitor:02d} saw film {row} and found it long and {word},{row % 2}")
        size, row = size + len(lines[-1]) + 1, row + 1
    return "\n".join(lines).encode()
