//! Random values for tests.

/// Where random values come from: a source of random numbers.
pub struct Dice<'a>(pub &'a mut dyn FnMut() -> u64);

impl Dice<'_> {
    /// Any number.
    pub fn number(&mut self) -> u64 {
        (self.0)()
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound as u64) as usize
    }

    /// Once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }
}
