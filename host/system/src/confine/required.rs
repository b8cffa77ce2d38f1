//! The layers that a user insists on, and what is said where one is missing.

use super::{ConfineError, KernelLayer, Layer, LayerStatus, probe};

/// The first of these layers that this system does not have, with what it would take.
#[must_use]
pub fn missing(required: &[KernelLayer]) -> Option<LayerStatus> {
    missing_of(required, probe())
}

fn missing_of(required: &[KernelLayer], found: Vec<LayerStatus>) -> Option<LayerStatus> {
    let is_missing = |status: &LayerStatus| {
        let is_required = required.iter().any(|layer| layer.name() == status.layer);
        is_required && !status.active
    };
    found.into_iter().find(is_missing)
}

/// The names of the layers that workers get on this system.
#[must_use]
pub fn active() -> Vec<String> {
    let active = probe().into_iter().filter(|status| status.active);
    active.map(|status| status.layer.to_owned()).collect()
}

/// A warning for each layer that is not among these, which are named as in the report.
#[must_use]
pub fn unprotected(layers: &[String]) -> Vec<String> {
    let is_there = |layer: &KernelLayer| {
        let mut names = layers.iter().filter_map(|named| named.split(' ').next());
        names.any(|name| name == layer.name())
    };
    let absent = KernelLayer::ALL
        .into_iter()
        .filter(|layer| !is_there(layer));
    let warning = |layer: KernelLayer| {
        format!(
            "workers run without {layer}, which this system does not offer: {}; `dyno doctor` says what it takes, `--require {layer}` makes it an error",
            layer.without()
        )
    };
    absent.map(warning).collect()
}

/// Whether all layers that must be there are.
pub(super) fn check(required: &[KernelLayer], layers: &[Layer]) -> Result<(), ConfineError> {
    let is_there = |required: &KernelLayer| layers.iter().any(|layer| required.is(layer));
    match required.iter().find(|layer| !is_there(layer)) {
        Some(layer) => Err(ConfineError::Missing { layer: *layer }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_checked_by_the_layers_that_are_active() {
        let landlock = Layer::Landlock { abi: 3 };
        let all = &KernelLayer::ALL;
        assert!(check(all, &[Layer::Rlimits, landlock, Layer::Seccomp]).is_ok());
        assert!(check(&[], &[]).is_ok());
        let missing = check(all, &[landlock]).unwrap_err().to_string();
        assert!(missing.starts_with("seccomp is required"), "{missing}");
    }

    /// If this fails, a run on an old kernel looks like one that was confined.
    #[test]
    fn every_layer_that_is_missing_is_a_warning() {
        let layers = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let whole = layers(&["rlimits", "landlock (ABI 9)", "seccomp"]);
        assert_eq!(unprotected(&whole), Vec::<String>::new());
        let warnings = unprotected(&layers(&["rlimits", "seccomp"]));
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("workers run without landlock"));
        let lost = "a plugin with a granted directory that broke out of the engine could read";
        assert!(warnings[0].contains(lost), "{warnings:?}");
        let warnings = unprotected(&layers(&["rlimits"]));
        assert_eq!(warnings.len(), 2);
        let lost = "a plugin that broke out of the engine could make any system call";
        assert!(warnings[1].contains(lost), "{warnings:?}");
    }

    #[test]
    fn layers_are_known_by_their_names() {
        for layer in KernelLayer::ALL {
            assert_eq!(layer.name().parse(), Ok(layer));
        }
        let refused = "selinux".parse::<KernelLayer>().unwrap_err();
        assert_eq!(refused, "`selinux` is no layer: landlock or seccomp");
    }

    /// If this fails, `--require` lets a run begin that is not confined, or none begin.
    #[test]
    fn what_is_required_and_not_offered_is_missing_and_nothing_else() {
        let offered = |active: [bool; 3]| {
            let layers = ["rlimits", "landlock", "seccomp"].into_iter().zip(active);
            let status = |(layer, active)| LayerStatus {
                layer,
                active,
                detail: String::new(),
            };
            layers.map(status).collect::<Vec<_>>()
        };
        let missing = |required: &[KernelLayer], active| {
            missing_of(required, offered(active)).map(|status| status.layer)
        };
        let all = KernelLayer::ALL;
        assert_eq!(missing(&all, [true; 3]), None);
        assert_eq!(missing(&[], [false; 3]), None);
        assert_eq!(missing(&all, [true, true, false]), Some("seccomp"));
        assert_eq!(missing(&all, [false, true, true]), None);
        let landlock = all.into_iter().find(|layer| layer.name() == "landlock");
        let landlock = landlock.as_slice();
        assert_eq!(missing(landlock, [true, false, false]), Some("landlock"));
        assert_eq!(missing(landlock, [true, true, false]), None);
    }

    #[test]
    fn what_is_active_is_what_this_system_was_found_to_offer() {
        let found = probe().into_iter().filter(|status| status.active);
        let names: Vec<&str> = found.map(|status| status.layer).collect();
        assert_eq!(active(), names);
        assert!(names.contains(&"rlimits"), "{names:?}");
        let landlock = probe()
            .into_iter()
            .find(|status| status.layer == "landlock");
        let landlock = landlock.unwrap();
        assert_eq!(
            landlock.active,
            landlock.detail.starts_with("ABI "),
            "{landlock:?}"
        );
    }
}
