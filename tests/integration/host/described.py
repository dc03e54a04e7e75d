"""Holds answers of the API to its description: status, type, and each member of a body."""
import json
import re

import jsonschema

PROBLEM = "application/problem+json"


class Description:
    def __init__(self, document):
        self.components = document["components"]
        self.paths = []
        # A path without parameters is meant before one with them.
        for path, methods in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
            pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", path))
            self.paths.append((re.compile(pattern), methods))

    def fault(self, method, target, status, content_type, body):
        """What the description does not have of an answer, or None."""
        path = target.partition("?")[0]
        methods = next((methods for pattern, methods in self.paths if pattern.fullmatch(path)), None)
        operation = (methods or {}).get("get" if method == "HEAD" else method.lower())
        if operation is None:
            known = (404,) if methods is None else (404, 405)
            # What is no request at all is refused before its path is read.
            return None if status in (400, 413, 414, 431, 501, *known) else f"status {status} for what the description does not have"
        answer = operation["responses"].get(str(status))
        if answer is None and status == 431:
            return None  # by the listener, for every path
        if answer is None:
            return f"status {status}"
        answer = self.resolved(answer)
        content = answer.get("content")
        if method == "HEAD" or content is None:
            return None if not body else "a body"
        kind = content_type.partition(";")[0]
        if kind not in content:
            return f"type {content_type}"
        if not kind.endswith("json"):
            return None
        schema, value = content[kind]["schema"], json.loads(body)
        wrong = jsonschema.Draft202012Validator({**schema, "components": self.components}).iter_errors(value)
        for one in wrong:
            return f"{one.json_path}: {one.message}"
        return self.further(schema, value, "$")

    def resolved(self, schema):
        at = schema
        while "$ref" in at:
            section, name = at["$ref"].removeprefix("#/components/").split("/")
            at = self.components[section][name]
        return at

    def further(self, schema, value, place):
        """A member that its object does not have in the description."""
        schema = self.resolved(schema)
        if isinstance(value, list) and "items" in schema:
            return next(filter(None, (self.further(schema["items"], one, f"{place}[{at}]") for at, one in enumerate(value))), None)
        if not isinstance(value, dict) or "properties" not in schema:
            return None
        for name, one in value.items():
            if name not in schema["properties"]:
                if schema.get("additionalProperties", False):
                    continue
                return f"{place}.{name}: not described"
            if found := self.further(schema["properties"][name], one, f"{place}.{name}"):
                return found
        return None
