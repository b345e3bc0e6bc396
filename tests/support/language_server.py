"""As much of an editor as the tests need: asks a language server what it says of a place in a document."""

import json
import subprocess
import threading


class LanguageServer:
    """Talks to a language server over its standard input and output, about one open document."""

    def __init__(self, command, file, text):
        self.command, self.uri, self.folder, self.text = command, file.as_uri(), file.parent.as_uri(), text
        self.asked, self.version = 0, 1

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.alarm = threading.Timer(60, self.process.kill)  # a server that says nothing must not hold up the tests
        self.alarm.start()
        folders = [{"uri": self.folder, "name": "recipes"}]
        self.ask("initialize", processId=None, rootUri=self.folder, capabilities={}, workspaceFolders=folders)
        self.send({"method": "initialized", "params": {}})
        document = {"uri": self.uri, "languageId": "toml", "version": 1, "text": self.text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        self.await_diagnostics()
        return self

    def __exit__(self, *_):
        self.alarm.cancel()
        self.process.kill()
        self.process.communicate()

    def hover(self, at):
        """What hovering over the second letter of ``at`` shows."""
        shown = self.ask("textDocument/hover", textDocument={"uri": self.uri}, position=self.place(at, 1))
        contents = shown["contents"] if shown else ""
        return contents["value"] if isinstance(contents, dict) else str(contents)

    def completions(self, after, without="", last=False):
        """What is offered behind ``after`` (its last appearance, if so wished), once ``without`` is gone."""
        self.text = self.text.replace(without, "\n") if without else self.text
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        changes = {"textDocument": document, "contentChanges": [{"text": self.text}]}
        self.send({"method": "textDocument/didChange", "params": changes})
        self.await_diagnostics()
        position = self.place(after, len(after), last)
        found = self.ask("textDocument/completion", textDocument={"uri": self.uri}, position=position) or []
        return [item["label"] for item in (found["items"] if isinstance(found, dict) else found)]

    def place(self, words, shift, last=False):
        at = (self.text.rindex(words) if last else self.text.index(words)) + shift
        before = self.text[:at].split("\n")
        return {"line": len(before) - 1, "character": len(before[-1])}

    def ask(self, method, **params):
        """The result of a request."""
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        answer = self.await_message(lambda it: it.get("id") == self.asked)
        assert "error" not in answer, answer
        return answer["result"]

    def await_diagnostics(self):
        """Wait until the document is read: requests are answered side by side, and one may overtake it."""
        self.await_message(lambda it: it.get("method") == "textDocument/publishDiagnostics")

    def await_message(self, wanted):
        """The next message that is wanted; what the server asks meanwhile is answered with nothing."""
        while True:
            message = self.read()
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            elif wanted(message):
                return message

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def read(self):
        length = 0
        while (line := self.process.stdout.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, f"{self.command[0]} has stopped"
        return json.loads(self.process.stdout.read(length))
