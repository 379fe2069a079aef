//! A terminal: what a person sees and types.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// No wait of a test is longer.
const LIMIT: Duration = Duration::from_mins(1);
/// Narrow, so that what does not fit shows.
pub(crate) const COLUMNS: u16 = 60;

/// A program at a terminal.
pub(crate) struct Terminal {
    controller: File,
    child: Child,
    screen: Arc<Screen>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Screen {
    text: Mutex<String>,
    changed: Condvar,
}

impl Terminal {
    /// Starts a program with a terminal as its standard input and error, and as its standard output unless
    /// that is given.
    pub(crate) fn start(command: &mut Command, output: Option<Stdio>) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let controller = openpt(flags).expect("a terminal");
        grantpt(&controller).expect("a terminal of ours");
        unlockpt(&controller).expect("a terminal that can be opened");
        let size = Winsize {
            ws_row: 24,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&controller, size).expect("a size");
        let name = ptsname(&controller, Vec::new()).expect("its name");
        let open = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(OFlags::NOCTTY.bits().cast_signed())
                .open(std::ffi::OsStr::from_bytes(name.as_bytes()))
                .expect("its other side")
        };
        command.stdin(open()).stderr(open());
        command.stdout(output.unwrap_or_else(|| open().into()));
        let child = command.spawn().expect("it starts");
        // The command still holds the other side, and with it the end of what is read.
        command.stdin(Stdio::null());
        command.stdout(Stdio::null());
        command.stderr(Stdio::null());
        let controller = File::from(controller);
        let screen = Arc::<Screen>::default();
        let reader = {
            let (mut from, screen) = (controller.try_clone().expect("a terminal"), screen.clone());
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                // An error is how a terminal says that its other side is closed.
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    screen.lock().push_str(&text);
                    screen.changed.notify_all();
                }
            })
        };
        Self {
            controller,
            child,
            screen,
            reader: Some(reader),
        }
    }

    /// Waits until the text is on the screen.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let seen = self.screen.lock();
        let (seen, waited) = self
            .screen
            .changed
            .wait_timeout_while(seen, LIMIT, |seen| !seen.contains(text))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "'{text}' is not there: {seen}");
    }

    /// Waits until the program reads single keys: one that begins to throws away what was typed before.
    #[track_caller]
    pub(crate) fn wait_for_keys(&self) {
        let begun = Instant::now();
        let takes_lines = || {
            let modes = tcgetattr(&self.controller).expect("the terminal's modes");
            modes.local_modes.contains(LocalModes::ICANON)
        };
        // A terminal tells nobody that its modes have changed.
        while takes_lines() {
            assert!(begun.elapsed() < LIMIT, "it takes lines: {}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn type_line(&mut self, text: &str) {
        self.controller
            .write_all(format!("{text}\n").as_bytes())
            .expect("the terminal takes it");
    }

    /// What is on the screen so far, with everything that commands the terminal.
    pub(crate) fn screen(&self) -> String {
        self.screen.lock().clone()
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    }

    /// Waits for its end and gives all that it showed.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("a child");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        (status, self.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended already is none to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn lock(&self) -> std::sync::MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
