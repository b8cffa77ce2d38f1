//! The parts that children play, by name.

use std::path::Path;

use super::{attacks, calls, files, inherited, memory, network, older, root, survival};

pub(super) fn play(part: &str, place: &Path) {
    match part {
        "files" => files::files(place),
        "read-only-directory" => files::read_only_directory(place),
        "write-directory" => files::write_directory(place),
        "network" => network::network(),
        "network-without-seccomp" => network::network_without_seccomp(),
        "programs" => calls::programs(),
        "processes" => calls::processes(),
        "system-calls" => calls::system_calls(),
        "arguments" => calls::arguments(),
        "counters" => calls::counters(),
        "capabilities" => root::capabilities(),
        "file-size" => files::file_size(place),
        "open-files" => files::open_files(place),
        "private" => files::private(place),
        "group" => inherited::group(),
        "seccomp-alone" => calls::seccomp_alone(place),
        "seccomp-alone-without-directories" => calls::seccomp_alone_without_directories(place),
        "second-thread" => inherited::second_thread(),
        "environment" => inherited::environment(),
        "descriptors" => inherited::descriptors(),
        "signals" => inherited::signals(),
        "layers" => inherited::layers(),
        "reservations" => memory::reservations(),
        "data-limit" => memory::data_limit(),
        "address-space-limit" => memory::address_space_limit(),
        "cpu-limit" => memory::cpu_limit(),

        "reader-without-landlock" => attacks::reader_without_landlock(place),
        "by-path" => attacks::by_path(place),
        "uncounted-memory" => attacks::uncounted_memory(),
        "root" => root::root(place),
        "sealed" => attacks::sealed(place),
        "sealed-with-directories" => attacks::sealed_with_directories(place),
        "sealed-compiler" => attacks::sealed_compiler(place),

        "required" => older::required(),
        "probed" => older::probed(),
        "descriptors-one-by-one" => older::descriptors_one_by_one(),
        "no-ambient" => older::no_ambient(),
        "ambient-denied" => older::ambient_denied(),
        "no-capabilities" => older::no_capabilities(place),

        "sleeper" => survival::sleeper(place),
        "wrong-supervisor" => survival::wrong_supervisor(),
        "threads" => survival::threads(),
        "pinned" => survival::pinned(),
        "unpinned" => survival::unpinned(),
        "abort" => survival::abort(),
        other => panic!("there is no part {other}"),
    }
}
