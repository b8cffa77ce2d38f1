//! The call from the host that is being answered: a listing of the cases, or a run of one. Criterion
//! has no registry: a case exists while its group function runs, with closures that borrow from it.
//! So each call runs the group functions, and this is where each case that they come by is met.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::suite::Case;

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

/// Without a call, as in a unit test that calls a bench function, cases pass unheeded.
#[derive(Debug, Default)]
struct Session {
    call: Call,
    /// The names so far.
    names: BTreeSet<String>,
}

#[derive(Debug, Default)]
enum Call {
    #[default]
    None,
    List(Vec<Case>),
    Run {
        name: String,
        outcome: Option<Result<(), String>>,
    },
}

/// What [`criterion_main!`](crate::criterion_main) makes of the names of its groups.
pub type Groups<'g> = &'g [&'g dyn Fn()];

/// What `suite.cases` answers.
#[must_use]
pub fn list(groups: Groups<'_>) -> Vec<Case> {
    match answer(Call::List(Vec::new()), groups) {
        Call::List(cases) => cases,
        Call::None | Call::Run { .. } => Vec::new(),
    }
}

/// What `suite.run` does.
///
/// # Errors
/// The message with which the case failed.
pub fn run(groups: Groups<'_>, name: &str) -> Result<(), String> {
    let call = Call::Run {
        name: name.into(),
        outcome: None,
    };
    match answer(call, groups) {
        Call::Run {
            outcome: Some(outcome),
            ..
        } => outcome,
        _ => Err(format!("there is no case named {name:?}")),
    }
}

/// Runs every case natively, for a few iterations.
///
/// # Errors
/// The name and the message of the first case that fails.
#[cfg(not(target_family = "wasm"))]
pub fn test(groups: Groups<'_>) -> Result<(), String> {
    crate::test::run_each(list(groups), |name| run(groups, name))?;
    Ok(())
}

/// Whether the case that was asked for is done, so that no other group function need run.
#[must_use]
pub fn is_done() -> bool {
    SESSION.with_borrow(|session| {
        matches!(
            session.call,
            Call::Run {
                outcome: Some(_),
                ..
            }
        )
    })
}

fn answer(call: Call, groups: Groups<'_>) -> Call {
    SESSION.set(Session {
        call,
        names: BTreeSet::new(),
    });
    for group in groups {
        if !is_done() {
            group();
        }
    }
    SESSION.take().call
}

/// A group function comes by `case`: lists it, or calls `run` if it is the one asked for.
pub(super) fn meet(mut case: Case, run: impl FnOnce() -> Result<(), String>) {
    let wanted = SESSION.with_borrow_mut(|session| {
        case.name = session.unique(case.name);
        match &mut session.call {
            Call::None => false,
            Call::List(cases) => {
                cases.push(case);
                false
            }
            Call::Run { name, .. } => *name == case.name,
        }
    });
    if wanted {
        // The session is free meanwhile: the closure is anybody's code.
        let ended = run();
        SESSION.with_borrow_mut(|session| {
            if let Call::Run { outcome, .. } = &mut session.call {
                *outcome = Some(ended);
            }
        });
    }
}

impl Session {
    /// `name`, or as Criterion writes the second of a name: `name #2`.
    fn unique(&mut self, name: String) -> String {
        let mut unique = name.clone();
        let mut count = 1;
        while !self.names.insert(unique.clone()) {
            count += 1;
            unique = format!("{name} #{count}");
        }
        unique
    }
}
