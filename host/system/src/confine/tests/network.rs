//! No way to the network or to another process's sockets.

use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::IntoRawFd;

use nix::errno::Errno;
use nix::libc;

use super::{Layer, confined, denied, errno_of, passes, run};

#[test]
fn there_is_no_network() {
    passes("network");
}

pub(super) fn network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Strip would close the listener's descriptor under its owner; it stays open, though owned by
    // none.
    let listener = listener.into_raw_fd();
    confined(&run());
    denied(
        TcpStream::connect(address),
        "connecting to a listener of this machine",
    );
    denied(TcpListener::bind("127.0.0.1:0"), "listening");
    denied(UdpSocket::bind("127.0.0.1:0"), "a datagram socket");
    for domain in [
        libc::AF_INET,
        libc::AF_INET6,
        libc::AF_UNIX,
        libc::AF_NETLINK,
        libc::AF_VSOCK,
    ] {
        assert_eq!(
            errno_of!(libc::socket(domain, libc::SOCK_STREAM, 0)),
            Errno::EPERM
        );
    }
    let _ = listener;
}

/// The layer below: what landlock denies where there is no filter. `confine` always installs one,
/// so this asks landlock alone.
#[test]
fn landlock_alone_denies_tcp_abstract_sockets_and_signals() {
    passes("network-without-seccomp");
}

pub(super) fn network_without_seccomp() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
    let parent = nix::unistd::getppid();
    let name = format!("dyno-test-{}", std::process::id());
    let name = SocketAddr::from_abstract_name(name).unwrap();
    let _unix = UnixListener::bind_addr(&name).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    nix::sys::prctl::set_no_new_privs().unwrap();
    let abi = match super::super::landlock::restrict(&[], &[]).unwrap() {
        Some(Layer::Landlock { abi }) => abi,
        _ => return,
    };
    denied(File::open("/etc/passwd"), "reading /etc/passwd");
    if abi >= 4 {
        denied(
            TcpStream::connect(listener.local_addr().unwrap()),
            "connecting",
        );
        denied(TcpListener::bind("127.0.0.1:0"), "listening");
    }
    if abi >= 6 {
        // Signals to others are denied; to itself they are not. Signal 0 only asks.
        assert_eq!(nix::sys::signal::kill(parent, None), Err(Errno::EPERM));
        // The socket is of this process from before, so outside of what it now is confined to?
        // No: scopes compare domains, and the listener's is the old, wider one.
        denied(
            UnixStream::connect_addr(&name),
            "connecting to an abstract socket",
        );
    }
}
