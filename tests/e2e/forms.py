"""A page's forms as a browser without JavaScript would send them."""

from html.parser import HTMLParser


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), []))
        if not self.forms:
            return
        fields = self.forms[-1][1]
        if tag == "input" and values.get("name") and values.get("type") not in {"checkbox", "radio"}:
            fields.append((values["name"], values.get("value", "")))
        elif tag == "select":
            self._select = values.get("name", "")
        elif tag == "option" and self._select and "selected" in values:
            fields.append((self._select, values.get("value", "")))
        elif tag == "textarea":
            self._textarea = values.get("name", "")
            fields.append((self._textarea, ""))

    def handle_data(self, data: str) -> None:
        if self._textarea and self.forms:
            name, text = self.forms[-1][1].pop()
            self.forms[-1][1].append((name, text + data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""


def form(page: str, action: str) -> dict[str, str | list[str]]:
    """The fields of the first form that goes to ``action``, with what they hold."""
    reader = _Forms()
    reader.feed(page)
    fields = next(fields for at, fields in reader.forms if at == action)
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
