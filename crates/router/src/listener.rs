//! Listeners that several workers hold at once.

use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::Error;
use crate::upstream::keepalive;

/// Connections that wait while a worker is busy or at its limit; the kernel caps it at `somaxconn`.
const BACKLOG: i32 = 4096;

/// Listens with `SO_REUSEPORT`, so that the kernel spreads connections over the workers, and a new
/// router can listen while an old one finishes.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let attempt = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        // Accepted sockets inherit these two on Linux: two system calls fewer for each connection.
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_keepalive(&keepalive())?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(TcpListener::from(socket))
    };
    attempt().map_err(|source| Error::Listen { address, source })
}

/// One set of listeners for each worker, all on the same addresses.
pub(crate) fn listen_for_workers(
    addresses: &[SocketAddr],
    workers: usize,
) -> Result<(Vec<SocketAddr>, Vec<Vec<TcpListener>>), Error> {
    let mut bound = Vec::with_capacity(addresses.len());
    let mut sets: Vec<Vec<TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
    for address in addresses {
        // The first one turns port 0 into the port that the others share.
        let mut actual = *address;
        for (index, set) in sets.iter_mut().enumerate() {
            let listener = listen(actual)?;
            if index == 0 {
                actual = listener.local_addr().map_err(|source| Error::Listen {
                    address: *address,
                    source,
                })?;
            }
            set.push(listener);
        }
        bound.push(actual);
    }
    Ok((bound, sets))
}
