module relance

go 1.26
