//! An order, and the rules for its discount: each once as script, once in Rust.

use std::fmt;

use rhai::{Array, Scope};

/// What the rules may look at. Amounts in cents, grams and metres.
pub struct Order {
    pub total: i64,
    pub items: i64,
    pub weight: i64,
    pub distance: i64,
    pub tier: &'static str,
    pub tags: [&'static str; 3],
    pub express: bool,
}

impl Order {
    /// One for which about half of the rules hold.
    pub fn example() -> Self {
        Order {
            total: 123_450,
            items: 7,
            weight: 2_300,
            distance: 48_000,
            tier: "gold",
            tags: ["books", "fragile", "gift"],
            express: false,
        }
    }

    /// The order as the script sees it.
    pub fn scope(&self) -> Scope<'static> {
        let tags: Array = self.tags.iter().map(|tag| (*tag).into()).collect();
        let mut scope = Scope::new();
        scope
            .push_constant("total", self.total)
            .push_constant("items", self.items)
            .push_constant("weight", self.weight)
            .push_constant("distance", self.distance)
            .push_constant("tier", self.tier)
            .push_constant("tags", tags)
            .push_constant("express", self.express);
        scope
    }
}

/// When a rule holds.
pub enum Condition {
    Total(i64),
    Tier(&'static str, i64),
    Tag(&'static str),
    Haul(i64),
}

/// The rule with a number gives one more cent than the rule before it.
pub fn condition(number: i64) -> Condition {
    let pick = |texts: &[&'static str]| texts[number as usize / 4 % texts.len()];
    match number % 4 {
        0 => Condition::Total(number % 250 * 1_000),
        1 => Condition::Tier(pick(&["basic", "silver", "gold"]), number % 13),
        2 => Condition::Tag(pick(&["books", "garden", "fragile", "food", "gift"])),
        _ => Condition::Haul(number % 230),
    }
}

/// As script.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Total(least) => write!(f, "total > {least}"),
            Condition::Tier(tier, least) => write!(f, "tier == \"{tier}\" && items >= {least}"),
            Condition::Tag(tag) => write!(f, "\"{tag}\" in tags"),
            Condition::Haul(most) => write!(f, "weight * distance / 1000000 < {most} && !express"),
        }
    }
}

/// So many rules, as script: the value is the sum of their discounts.
pub fn script(rules: i64) -> String {
    let rules = (0..rules).map(|number| {
        let (condition, cents) = (condition(number), number + 1);
        format!("    if {condition} {{ discount += {cents}; }}\n")
    });
    let rules: String = rules.collect();
    format!("{{\n    let discount = 0;\n{rules}    discount\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RULES;

    fn holds(condition: &Condition, order: &Order) -> bool {
        match condition {
            Condition::Total(least) => order.total > *least,
            Condition::Tier(tier, least) => order.tier == *tier && order.items >= *least,
            Condition::Tag(tag) => order.tags.contains(tag),
            Condition::Haul(most) => {
                order.weight * order.distance / 1_000_000 < *most && !order.express
            }
        }
    }

    /// The expected discounts are Rust's, and not those of the engine that is measured.
    #[test]
    fn expected_is_what_the_rules_mean() {
        let order = Order::example();
        let discounts = RULES.map(|(rules, _)| {
            let holding = (0..rules).filter(|number| holds(&condition(*number), &order));
            (
                rules,
                holding
                    .map(|number| number + 1)
                    .sum::<i64>()
                    .cast_unsigned(),
            )
        });
        assert_eq!(discounts, RULES);
    }
}
