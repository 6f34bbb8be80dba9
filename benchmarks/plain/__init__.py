"""Trading brackets over ib_insync the usual way: what the incidents are played against for comparison."""
