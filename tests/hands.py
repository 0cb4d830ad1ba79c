"""People who use the pages of a member of a test world: signed in, filling in forms as a browser sends them."""

import re


class Hands:
    """A clerk of one member, in a browser."""

    def __init__(self, member, language="en", role="clerk"):
        self._member, self.cookies = member, ""
        signed = self.post("/sign-in", {"token": member.token(role)}, bare=True)
        cookie = next(text for name, text in signed.headers if name == "set-cookie" and "session" in text)
        self.cookies = f"{cookie.partition(';')[0]}; lodetrace_language={language}"

    def get(self, path):
        return self.get_bytes(path).decode()

    def get_bytes(self, path):
        """A page, or a file."""
        reply = self._member.ask("GET", path, role=None, headers={"cookie": self.cookies})
        assert reply.status in (200, 303), (path, reply.status, reply.body[:300])
        return reply.body

    def post(self, path, fields, *, bare=False, photo=None):
        if not bare:
            fields = {**dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', self.get(path))), **fields}
        boundary = "b0undary"
        parts = [
            f'--{boundary}\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
            for k, v in fields.items()
        ]
        if photo is not None:
            head = f'--{boundary}\r\ncontent-disposition: form-data; name="photo"; filename="p.png"\r\n\r\n'
            parts.append(head.encode() + photo + b"\r\n")
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        headers = {"content-type": f"multipart/form-data; boundary={boundary}", "cookie": self.cookies}
        return self._member.ask("POST", path, body, role=None, headers=headers)


def location(reply):
    assert reply.status == 303, re.findall(r"(?:told bad|wrong)[^<]*<", reply.body.decode())
    return reply.header("location")
