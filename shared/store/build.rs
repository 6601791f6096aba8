//! Builds the crate anew when a migration is added: `sqlx::migrate!` reads the folder and cargo does not know it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
