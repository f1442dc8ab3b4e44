
# The solver of dnf.
upgrade_dnf() {
	said cannot not-supported "dnf is not asked"
}
