
# The solver of apt.
upgrade_apt() {
	said cannot not-supported "apt is not asked"
}
