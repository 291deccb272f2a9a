# SPDX-License-Identifier: GPL-3.0-or-later
"""contract.py: replies of the daemon compared with docs/openapi.yaml, for replies-keep-the-contract.sh.

Every reply has to be one that is documented for its route: status, media type, and a body that fits the schema. Stricter
than the document is towards clients: a key that it does not name is a complaint, too. What was seen is taken down, so that
routes, statuses and keys which exist in the document only are found as well.
"""

import datetime
import http.client
import json
import re
import socket
import time

import yaml


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class Reply:
    def __init__(self, status, kind, value):
        self.status, self.type, self.value = status, kind, value


class Contract:
    def __init__(self, document_path, socket_path):
        with open(document_path, encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        self.socket = socket_path
        self.complaints = []
        self.replies = set()  # (method, path pattern, status)
        self.kinds = set()
        self.keys = {}  # id of a schema with properties: its keys seen with a value
        self.patterns = [
            (re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$"), path) for path in self.document["paths"]
        ]

    def resolved(self, node):
        while "$ref" in node:
            target = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    # --- asking ---------------------------------------------------------------------------------------------------

    def ask(self, method, target, body=None, accept="application/json", enough=None):
        """Sends a request and judges the reply. Of a stream, lines are read until enough(line) is true."""
        connection = UnixConnection(self.socket)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        connection.request(method, target, body, {"Accept": accept})
        reply = connection.getresponse()
        where = f"{method} {target} → {reply.status}"
        media = (reply.getheader("Content-Type") or "").split(";")[0]
        schema = self.documented(method, target.split("?")[0], reply.status, media, where)
        if media == "application/x-ndjson" and method != "HEAD":
            value = self.read_lines(reply, schema, where, enough)
        else:
            text = reply.read()
            as_text = media in ("text/plain", "application/openmetrics-text")
            value = None if method == "HEAD" else text.decode() if as_text else self.parsed(text, where)
            if schema is not None and method != "HEAD":
                self.judge(schema, value, where)
        if media == "application/problem+json" and value:
            self.kinds.add(value.get("kind"))
            if value.get("status") != reply.status:
                self.complain(where, f"the problem says status {value.get('status')}")
        connection.close()
        return Reply(reply.status, media, value)

    def read_lines(self, reply, schema, where, enough):
        lines = []
        deadline = time.monotonic() + 30
        while raw := reply.readline():
            line = self.parsed(raw, where)
            self.judge(schema, line, f"{where}, line {line.get('type')}")
            lines.append(line)
            if enough is not None and enough(line):
                break
            if time.monotonic() > deadline:
                self.complain(where, f"what was waited for did not come, but {lines[-3:]}")
                break
        return lines

    def parsed(self, text, where):
        try:
            return json.loads(text)
        except ValueError as error:
            self.complain(where, f"{error} in {text[:200]}")
            return {}

    def documented(self, method, path, status, media, where):
        """The schema of the reply; None if it is not a documented one."""
        pattern = next((p for regex, p in self.patterns if regex.match(path)), None)
        operation = self.document["paths"].get(pattern, {}).get("get" if method == "HEAD" else method.lower())
        if operation is None:  # only mistakes go to such places
            if status < 400:
                self.complain(where, "an undocumented route has answered")
            return self.resolved(self.document["components"]["responses"]["Problem"])["content"][media]["schema"]
        if method != "HEAD":
            self.replies.add((method, pattern, str(status) if str(status) in operation["responses"] else "default"))
        response = operation["responses"].get(str(status)) or (operation["responses"]["default"] if status >= 400 else None)
        if response is None:
            self.complain(where, "the status is not documented")
            return None
        content = self.resolved(response).get("content", {})
        if media not in content:
            self.complain(where, f"the media type {media} is not documented")
            return None
        return content[media]["schema"]

    # --- judging --------------------------------------------------------------------------------------------------

    def complain(self, where, what):
        if len(self.complaints) < 100:
            self.complaints.append(f"{where}: {what}")

    def judge(self, schema, value, where):
        for complaint in self.mismatches(schema, value):
            self.complain(where, complaint)

    def mismatches(self, schema, value, at="it"):
        """What about the value does not fit the schema, as sentences; notes the keys seen where it fits."""
        schema = self.resolved(schema)
        if "oneOf" in schema:
            tried = [(option, self.mismatches(option, value, at)) for option in schema["oneOf"]]
            fits = [option for option, wrong in tried if not wrong]
            if len(fits) == 1:
                return []
            if len(fits) > 1:
                return [f"{at} fits {len(fits)} of the alternatives"]
            # The nearest alternative is the one that its type names.
            kind = value.get("type") if isinstance(value, dict) else None
            for option, wrong in tried:
                if kind in self.resolved(option).get("properties", {}).get("type", {}).get("enum", []):
                    return wrong
            return [f"{at} fits none of the alternatives: {json.dumps(value)[:200]}"]
        if value is None:
            return [] if schema.get("nullable") else [f"{at} is null"]
        return getattr(self, "no_" + schema.get("type", "anything"))(schema, value, at)

    def no_anything(self, schema, value, at):
        return [f"{at} has no type in the document"]

    def no_object(self, schema, value, at):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        properties = schema.get("properties", {})
        wrong = [f"{at} has no {key}" for key in schema.get("required", []) if key not in value]
        extra = schema.get("additionalProperties", False)
        for key, item in value.items():
            if key in properties:
                wrong += self.mismatches(properties[key], item, f"{at}.{key}")
            elif extra is False:
                wrong.append(f"{at}.{key} is not documented")
            elif extra is not True:
                wrong += self.mismatches(extra, item, f"{at}.{key}")
        if not wrong and properties:
            seen = self.keys.setdefault(id(schema), set())
            seen.update(key for key, item in value.items() if item not in (None, [], {}))
        return wrong

    def no_array(self, schema, value, at):
        if not isinstance(value, list):
            return [f"{at} is no array"]
        return [w for i, item in enumerate(value) for w in self.mismatches(schema["items"], item, f"{at}[{i}]")]

    def no_string(self, schema, value, at):
        if not isinstance(value, str):
            return [f"{at} is no string"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{at} is {value}"]
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return [f"{at} is {value}, which does not match {schema['pattern']}"]
        if schema.get("format") == "date-time":
            try:
                datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
            except ValueError:
                return [f"{at} is {value}, which is no RFC 3339 time in UTC with microseconds"]
        return []

    def no_integer(self, schema, value, at):
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"{at} is no whole number"]
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            return [f"{at} is {value}"]
        return []

    def no_boolean(self, schema, value, at):
        if not isinstance(value, bool):
            return [f"{at} is neither true nor false"]
        return [f"{at} is {value}"] if "enum" in schema and value not in schema["enum"] else []

    # --- what nobody has seen -------------------------------------------------------------------------------------

    def unseen(self, but):
        """Replies, kinds and keys that are documented and never came, except for those named in `but`."""
        found = []
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    found += [
                        f"{method.upper()} {path} {status}"
                        for status in operation["responses"]
                        if (method.upper(), path, status) not in self.replies
                    ]
        problem = self.document["components"]["schemas"]["Problem"]
        found += [f"kind {kind}" for kind in problem["properties"]["kind"]["enum"] if kind not in self.kinds]
        requests = [self.document["components"]["schemas"][name] for name in ("RunRequest", "Declaration")]
        self.walk(self.document["components"]["schemas"], "", requests, found)
        return [f"{what} was never seen" for what in found if what not in but]

    def walk(self, node, name, leave_out, found):
        if isinstance(node, list):
            for item in node:
                self.walk(item, name, leave_out, found)
        elif isinstance(node, dict):
            if any(node is schema for schema in leave_out):
                return
            if node.get("type") == "object" and "properties" in node:
                kind = node["properties"].get("type", {})
                label = name + (f"({kind['enum'][0]})" if isinstance(kind, dict) and "enum" in kind else "")
                seen = self.keys.get(id(node), set())
                found += [f"{label}.{key}" for key in node["properties"] if key not in seen]
            for key, item in node.items():
                self.walk(item, name if key in ("properties", "items", "oneOf") else f"{name}.{key}".strip("."), leave_out, found)
