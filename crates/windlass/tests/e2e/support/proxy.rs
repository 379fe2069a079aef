//! A proxy before Docker's socket that can be cut: Docker stopped and started, without touching the
//! machine's own.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

const DOCKER: &str = "/var/run/docker.sock";

/// The proxy.
pub(crate) struct DockerProxy {
    path: PathBuf,
    open: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Counts the times that it was cut: listeners of before end.
    round: u64,
    up: bool,
    connections: Vec<UnixStream>,
}

impl DockerProxy {
    pub(crate) fn new(path: &Path) -> Self {
        let proxy = Self {
            path: path.to_owned(),
            open: Arc::default(),
        };
        proxy.start();
        proxy
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("a path of the test")
    }

    /// As if the daemon came back.
    pub(crate) fn start(&self) {
        let listener = UnixListener::bind(&self.path).expect("a socket");
        let round = {
            let mut state = self.open.lock().expect("no panic");
            state.up = true;
            state.round
        };
        let open = self.open.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let mut state = open.lock().expect("no panic");
                if !state.up || state.round != round {
                    return;
                }
                let Ok(docker) = UnixStream::connect(DOCKER) else {
                    return;
                };
                for stream in [&client, &docker] {
                    state.connections.extend(stream.try_clone());
                }
                drop(state);
                pump(&client, &docker);
                pump(&docker, &client);
            }
        });
    }

    /// As if the daemon were killed: the socket is gone, and so is every connection.
    pub(crate) fn stop(&self) {
        let mut state = self.open.lock().expect("no panic");
        state.up = false;
        state.round += 1;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        // Wakes the listener, which then ends.
        let _ = UnixStream::connect(&self.path);
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for DockerProxy {
    fn drop(&mut self) {
        self.stop();
    }
}

fn pump(from: &UnixStream, to: &UnixStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
