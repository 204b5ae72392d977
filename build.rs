//! Builds again when a migration is added: `sqlx::migrate!` alone sees only the files it already read.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=templates");
}
