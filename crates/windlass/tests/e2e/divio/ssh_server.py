"""An ssh server that serves git repositories to the keys in a file, as the hosts of repositories do.

ssh_server.py KEYS: says its port. KEYS is read anew at each login.
"""

import asyncio
import shlex
import sys

import asyncssh

KEYS = sys.argv[1]


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def public_key_auth_supported(self):
        return True

    def validate_public_key(self, username, key):
        try:
            with open(KEYS) as lines:
                known = [asyncssh.import_public_key(line) for line in lines if line.strip()]
        except FileNotFoundError:
            return False
        return key in known


async def serve(process):
    program, path = shlex.split(process.command)
    if program != "git-upload-pack":
        process.exit(1)
        return
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        "git", "upload-pack", path, stdin=pipe, stdout=pipe, stderr=pipe
    )
    await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
    process.exit(await child.wait())


async def main():
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=serve,
        encoding=None,
    )
    print(server.get_port(), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
