//! What a package may bring along.

use super::*;

const GIB: u64 = 1 << 30;

/// What is said of datasets of these sizes, which are not what they say.
async fn refused(sizes: &[(&str, u64)]) -> String {
    let mut scene = Scene::with_datasets(sizes);
    scene.allow_unsigned.any = true;
    let error = scene.verify(&scene.origin()).await.0.unwrap_err();
    assert_eq!(error.fault(), Fault::Refused);
    error.to_string()
}

#[tokio::test]
async fn all_datasets_together_have_at_most_one_gibibyte() {
    // Beyond the limit none is looked at.
    let limit = "and the limit is 1073741824";
    for (sizes, name, bytes) in [
        (&[("one", GIB + 1)][..], "one", GIB + 1),
        (&[("one", u64::MAX)], "one", GIB + 1),
        (&[("one", 8), ("two", GIB - 7)], "two", GIB + 1),
        (&[("one", 8), ("two", u64::MAX)], "two", GIB + 9),
    ] {
        let error = refused(sizes).await;
        let expected =
            format!("its dataset `{name}` and those before it has {bytes} bytes, {limit}");
        assert_eq!(error, expected);
    }
    // Within it they are, and found to be smaller than they say.
    for sizes in [&[("one", GIB)][..], &[("one", 8), ("two", GIB - 8)]] {
        let error = refused(sizes).await;
        assert!(!error.contains(limit), "{error}");
    }
}

#[tokio::test]
async fn a_dataset_is_fetched_under_its_name_with_its_type() {
    let sizes = [("one", TABLE.len() as u64), ("two.csv", TABLE.len() as u64)];
    let mut scene = Scene::with_datasets(&sizes);
    scene.allow_unsigned.any = true;
    let (package, told) = scene.verify(&scene.origin()).await;
    let data = package.unwrap().content.dir.path().join(DATA);
    assert!(!data.exists(), "it goes with the package");
    let names: Vec<_> = told.iter().skip(6).map(|it| it.found.as_str()).collect();
    assert!(names[0].starts_with("one: ") && names[1].starts_with("two.csv: "));
}

#[tokio::test]
async fn what_is_not_the_manifest_of_a_dataset_is_refused_by_name() {
    let mut scene = Scene::new();
    scene.allow_unsigned.any = true;
    // A manifest, but that of a package.
    let package = Scene::new().package;
    let datasets = &mut scene.about.manifest.datasets;
    datasets.insert("table".into(), Dataset(package));
    let error = scene.verify(&scene.origin()).await.0.unwrap_err();
    assert!(
        matches!(&error, VerifyError::Dataset { name, .. } if name == "table"),
        "{error}"
    );
}
