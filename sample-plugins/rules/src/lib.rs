//! Business rules as an author writes them, in the language of the script engine rhai: compiled, applied
//! to an order, and single conditions. Throughput is in rules. What the rules must answer is computed
//! in Rust as well.

mod order;

use dyno_guest::{Checksum, Fnv1a, Suite, plugin};
use order::Order;
use rhai::packages::{BasicArrayPackage, Package};
use rhai::{AST, Engine, EvalAltResult, ParseError, Scope};

/// Numbers of rules, each with the discount that they give to the order.
const RULES: [(i64, u64); 4] = [(1, 1), (10, 18), (100, 2_374), (1_000, 216_572)];

/// Conditions, each with what it is for the order.
const CONDITIONS: [(&str, &str, bool); 4] = [
    ("compare", "total > 100000", true),
    (
        "logic",
        r#"tier == "silver" || items > 9 || (express && total > 500000)"#,
        false,
    ),
    (
        "arithmetic",
        "total * 19 / 100 + weight * distance / 1000000 == 23565",
        true,
    ),
    ("search", r#""gift" in tags && !("food" in tags)"#, true),
];

fn suite(s: &mut Suite) {
    for (count, discount) in RULES {
        s.case(format!("compile/{count}"))
            .description("Parses rules into a tree")
            .group("compile")
            .param("rules", count)
            .throughput_elements(count.cast_unsigned())
            .expected(discount)
            .run(move |b| {
                let (engine, script) = (engine(), order::script(count));
                b.iter(|| engine.compile(&script).map(Compiled))
            });

        s.case(format!("apply/{count}"))
            .description("Applies compiled rules to an order and adds up the discounts")
            .group("apply")
            .param("rules", count)
            .throughput_elements(count.cast_unsigned())
            .expected(discount)
            .run(move |b| {
                let engine = engine();
                let rules = engine.compile(order::script(count))?;
                let mut scope = Order::example().scope();
                Ok::<_, ParseError>(b.iter(|| discount_of(&engine, &mut scope, &rules)))
            });
    }

    for (name, condition, answer) in CONDITIONS {
        s.case(format!("condition/{name}"))
            .description("Evaluates a compiled condition on an order")
            .group("condition")
            .param("condition", name)
            .throughput_elements(1)
            .expected(answer.into())
            .run(move |b| {
                let engine = engine();
                let condition = engine.compile_expression(condition)?;
                let mut scope = Order::example().scope();
                Ok::<_, ParseError>(
                    b.iter(|| engine.eval_ast_with_scope::<bool>(&mut scope, &condition)),
                )
            });
    }
}

/// With what the rules need: operators, and `in` for lists.
fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(BasicArrayPackage::new().as_shared_module());
    engine
}

fn discount_of(
    engine: &Engine,
    scope: &mut Scope<'_>,
    rules: &AST,
) -> Result<i64, Box<EvalAltResult>> {
    engine.eval_ast_with_scope(scope, rules)
}

/// Rules that were compiled, which are worth what they answer.
struct Compiled(AST);

impl Checksum for Compiled {
    fn feed(&self, hash: &mut Fnv1a) {
        self.checksum().feed(hash);
    }

    fn checksum(&self) -> u64 {
        discount_of(&engine(), &mut Order::example().scope(), &self.0).checksum()
    }
}

plugin!(suite);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs() {
        let checksums = dyno_guest::test::run_all(suite);
        assert_eq!(checksums.map(|cases| cases.len()), Ok(12));
    }
}
