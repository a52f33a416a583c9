package status

import (
	"fmt"
	"strings"
	"time"
)

// bar shows a part of a whole in n cells, eighths of them where it is drawn finer.
func bar(part float64, n int) string {
	eighths := int(min(max(part, 0), 1)*float64(n*8) + 0.5)
	full, rest := eighths/8, eighths%8
	s := strings.Repeat("█", full)
	if rest > 0 {
		s += string([]rune(" ▏▎▍▌▋▊▉")[rest])
		full++
	}
	return s + strings.Repeat(" ", n-full)
}

// barStyle says how near it is.
func barStyle(part float64) style {
	switch {
	case part >= 0.9:
		return red
	case part >= 0.7:
		return yellow
	}
	return green
}

// spark shows the points in at most n cells, as parts of the largest, each cell for the
// same time.
func spark(points []Point, n int) string {
	n = min(n, len(points))
	if n <= 0 {
		return ""
	}
	first, span := points[0].Time, points[len(points)-1].Time.Sub(points[0].Time)
	most := make([]int64, n)
	top := int64(1)
	for _, p := range points {
		i := n - 1
		if at := p.Time.Sub(first); span > 0 && at < span {
			i = min(max(int(at.Seconds()/span.Seconds()*float64(n)), 0), n-1)
		}
		most[i], top = max(most[i], p.Memory), max(top, p.Memory)
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	last := int64(0)
	for _, v := range most {
		if v == 0 {
			v = last // nobody looked
		}
		last = v
		level := int(float64(v) / float64(top) * float64(len(levels)))
		b.WriteRune(levels[min(max(level, 0), len(levels)-1)])
	}
	return b.String()
}

// sparkSpan says for how long the points go, and up to what.
func sparkSpan(points []Point) (time.Duration, int64) {
	top := int64(0)
	for _, p := range points {
		top = max(top, p.Memory)
	}
	return max(points[len(points)-1].Time.Sub(points[0].Time), 0), top
}

// percent is a part of a whole for people.
func percent(part float64) string {
	if part >= 10 {
		return ">999%"
	}
	return fmt.Sprintf("%.0f%%", part*100)
}
