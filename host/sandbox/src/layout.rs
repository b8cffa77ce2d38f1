//! Where the functions of a component lie in memory. Two components with the same hot function can
//! differ by up to 15 % in time because of that alone, and measuring again confirms it. So
//! functions begin at cache lines, which takes that to 3 %, and a component that is cheap to
//! compile is compiled in several layouts, among which every process draws: estimates average over
//! what is left (Mytkowicz et al., ASPLOS 2009; Curtsinger and Berger, STABILIZER, ASPLOS 2013).

use wasmtime::Config;

use dyno_job::Layout;

/// Functions begin at multiples of 2^6 bytes, a cache line.
const ALIGNMENT_LOG2: &str = "6";

/// Bytes between two functions grow by this from one layout to the next, so that functions move
/// against each other by whole cache lines.
const STEP_BYTES: u32 = 64;

/// What code depends on that was compiled in any layout, since the engine's own hash knows nothing
/// of it.
pub(super) const FORM: (&str, u32) = (ALIGNMENT_LOG2, STEP_BYTES);

/// Has a compiler make code in a layout.
pub(super) fn configure(layout: Layout, config: &mut Config) {
    let padding = (layout.0 * STEP_BYTES).to_string();
    for (name, value) in [
        ("log2_min_function_alignment", ALIGNMENT_LOG2),
        ("wasmtime_linkopt_padding_between_functions", &padding),
    ] {
        // SAFETY: both move functions and change nothing in them: the engine, which checks the
        // settings of code that it loads, lets code of any alignment be loaded, and never sees the
        // other one.
        #[allow(unsafe_code)]
        unsafe {
            config.cranelift_flag_set(name, value);
        }
    }
}
