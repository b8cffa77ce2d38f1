use std::time::Duration;

use super::*;

fn open(dir: &Path, bytes_max: u64) -> CodeCache {
    let (cache, warning) = CodeCache::open(Some(dir), bytes_max).unwrap();
    assert_eq!(warning, None);
    cache
}

fn add(cache: &CodeCache, name: &str, bytes: usize) {
    fs::write(cache.run_dir().join(name), vec![0; bytes]).unwrap();
    cache.keep(name).unwrap();
}

#[test]
fn the_least_recently_used_leaves_first_and_a_run_keeps_what_it_found() {
    let dir = tempfile::tempdir().unwrap();
    let private = dir.path().join("code");
    let first = open(&private, 250);
    add(&first, "a.cwasm", 100);
    add(&first, "b.cwasm", 100);
    let old = SystemTime::now() - Duration::from_secs(100);
    fs::File::open(private.join("b.cwasm"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    let second = open(&private, 250);
    let held = second.find("b.cwasm").unwrap();
    fs::File::open(private.join("a.cwasm"))
        .unwrap()
        .set_modified(old - Duration::from_secs(1))
        .unwrap();
    add(&second, "c.cwasm", 100);
    assert!(!private.join("a.cwasm").exists(), "a was used longest ago");
    add(&second, "d.cwasm", 100);
    assert!(held.exists());
    assert_eq!(open(&private, 250).find("a.cwasm"), None);
}

#[test]
fn a_directory_that_others_may_write_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let (cache, warning) = CodeCache::open(Some(dir.path()), 100).unwrap();
    assert!(!cache.is_kept() && warning.unwrap().contains("chmod it to 700"));
    add(&cache, "a.cwasm", 1);
    assert!(cache.find("a.cwasm").is_some());
}

#[test]
fn a_path_that_is_no_directory_is_a_warning() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (cache, warning) = CodeCache::open(Some(file.path()), 100).unwrap();
    assert!(!cache.is_kept() && warning.is_some());
}

/// Where others can read the code they learn what it was made of; where they can write it, it
/// is run.
#[test]
fn a_cache_that_is_made_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(&dir.path().join("new/code"), 100);
    for made in ["new", "new/code"].map(|name| dir.path().join(name)) {
        let mode = fs::metadata(&made).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", made.display());
    }
    let mode = fs::metadata(cache.run_dir()).unwrap().mode() & 0o777;
    assert_eq!(mode, 0o700);
}
