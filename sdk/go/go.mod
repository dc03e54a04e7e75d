module stipend/plugin

go 1.19
