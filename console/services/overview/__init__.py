"""The whole network at one look: pressure compliance, output of the plants, crews, alarm rate, deadlines of cases."""
