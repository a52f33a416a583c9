// # States
//
// What follows in each state from each event. This table is written by a test,
// from what Step does, and compared with it (go test ./restart -update). Where
// the third column is empty, it is always so; "impossible" means that the loop
// cannot send it, and Step panics.
//
//	state     event         when                                            next      actions
//
//	starting  Started       generation 1                                    up        report begun
//	starting  Started       the same, with a plan                           up        report begun; report planned
//	starting  Started       a later one                                     up        report begun; report up
//	starting  Started       the end was asked for                           stopping  report begun; report stopping; signal; signal CONT
//	starting  Started       another one was asked for                       stopping  report begun; report stopping; signal; signal CONT
//	starting  Started       with requests to count                          up        report begun; count
//	starting  Started       to be asked whether it is ready                 up        report begun; probe
//	starting  SpawnFailed   generation 1, or the end was asked for          gone      report start-failure; quit
//	starting  SpawnFailed   a later one                                     waiting   report backoff
//	starting  SpawnFailed   the same, and our stdin has ended               gone      report start-failure; quit
//	starting  Exited                                                                  impossible
//	starting  Emptied                                                                 impossible
//	starting  Looked                                                                  impossible
//	starting  MemoryEvents                                                            impossible
//	starting  Pressed                                                                 impossible
//	starting  CPUUsed                                                                 impossible
//	starting  Served                                                                  impossible
//	starting  Ready                                                                   impossible
//	starting  Probed                                                                  impossible
//	starting  Extend                                                                  impossible
//	starting  InputEnded                                                    starting
//	starting  Touched                                                       starting
//	starting  Examined      it is there for the one that starts             starting
//	starting  StopAsked                                                     starting
//	starting  RestartAsked                                                  starting
//	starting  Interrupted                                                   starting
//	starting  Forward                                                       starting
//	starting  ClockSet                                                      starting
//	starting  Tick                                                          starting
//
//	up        Started                                                                 impossible
//	up        SpawnFailed                                                             impossible
//	up        Exited        ends well, or the policy says so                gone      report left; quit
//	up        Exited        the policy relaunches it                        starting  report left; report ended; spawn
//	up        Exited        the same, sooner than MinUptime                 waiting   report left; report backoff
//	up        Exited        at a limit                                      starting  report left; report ended; spawn
//	up        Exited        an OOM kill                                     starting  report left; report ended; spawn
//	up        Exited        at a limit, sooner than MinUptime               waiting   report left; report no-help
//	up        Exited        a crash, and the policy relaunches it           waiting   report left; report backoff
//	up        Exited        one crash too many                              gone      report left; report gave-up; quit
//	up        Exited        interrupted shortly before                      gone      report left; quit
//	up        Exited        part of the tree lives                          stopping  report left-behind; signal to the tree; signal CONT to the tree
//	up        Emptied                                                                 impossible
//	up        Looked        below the budget                                up
//	up        Looked        over the budget, once                           up
//	up        Looked        over the budget, the second time                stopping  report stopping; headroom; signal; signal CONT
//	up        Looked        below it, where the kernel guards it            up
//	up        Looked        over it, counted as a whole                     stopping  report stopping; headroom; signal; signal CONT
//	up        Looked        near it, and waits for memory                   stopping  report stopping; headroom; signal; signal CONT
//	up        Looked        over it, with MemoryFor                         up        headroom
//	up        Looked        below it again, before MemoryFor is over        up        tripwire; watch
//	up        Looked        over it for MemoryFor                           stopping  report stopping; headroom; signal; signal CONT
//	up        Looked        not possible, and not said before               up        report blind
//	up        Looked        over it, and no window is open                  up        report deferred; headroom
//	up        Looked        the last before a recycle that has waited       stopping  report stopping; headroom; signal; signal CONT
//	up        Looked        within it again after a recycle                 up        report recovered
//	up        Looked        over another budget for long enough             stopping  report stopping; signal; signal CONT
//	up        Looked        over one that is only observed                  up        report observed
//	up        Looked        some CPU time is left                           up        alarm
//	up        Looked        a quiet moment is waited for, and this is none  up
//	up        Looked        this is one                                     stopping  report stopping; signal; signal CONT
//	up        MemoryEvents  memory.high was crossed                         up        look
//	up        MemoryEvents  something else                                  up        watch
//	up        MemoryEvents  the first refused fork                          up        report pids-max; watch
//	up        MemoryEvents  an OOM kill                                     up        watch
//	up        MemoryEvents  the child has left its group                    up        report escaped; watch
//	up        MemoryEvents  memory.high of the group it has left            up
//	up        Pressed                                                       stopping  report stopping; headroom; signal; signal CONT
//	up        Pressed       no window is open                               up        report deferred; headroom
//	up        Pressed       what waits for one already                      up
//	up        CPUUsed                                                       up        look
//	up        Served        as many as it may                               stopping  report stopping; signal; signal CONT
//	up        Served        the same, and what is in flight may end         draining  drain
//	up        Served        the same, with its stdin carried                stopping  report stopping; closeinput
//	up        Served        fewer, the others do not come, and more wait    stopping  report stopping; closeinput
//	up        Served        fewer                                           up
//	up        Ready         it was waited for                               up        report up
//	up        Ready         otherwise                                       up
//	up        Ready         it is ready                                     up        report up
//	up        Probed        it is ready                                     up        report up
//	up        Probed        it is not                                       up
//	up        Extend                                                        up
//	up        InputEnded                                                    up
//	up        Touched                                                       up
//	up        Examined      it is not settled                               up
//	up        Examined      nothing has changed                             up
//	up        Examined      something has                                   stopping  report stopping; signal; signal CONT
//	up        Examined      the same, and no window is open                 up        report deferred
//	up        Examined      the same, only observed                         up        report observed
//	up        StopAsked                                                     stopping  report stopping; signal; signal CONT
//	up        RestartAsked                                                  stopping  report stopping; signal; signal CONT
//	up        Interrupted                                                   up
//	up        Forward                                                       up        signal
//	up        ClockSet      no plan                                         up
//	up        ClockSet      what is planned has not moved                   up
//	up        ClockSet      it has, by more than a minute                   up        report planned
//	up        ClockSet      so has the opening of the window                up        report deferred
//	up        Tick          no budget                                       up
//	up        Tick          time to look                                    up        look
//	up        Tick          time to ask again whether it is ready           up        probe
//	up        Tick          it is not ready in time                         stopping  report stopping; signal; signal CONT
//	up        Tick          the same, for it has left its group             up        look
//	up        Tick          the pause after a look is over                  up        watch
//	up        Tick          the age has come                                stopping  report stopping; signal; signal CONT
//	up        Tick          a planned time has come                         stopping  report stopping; signal; signal CONT
//	up        Tick          the same, only observed                         up        report observed; look
//	up        Tick          the same, with IdleWait                         up        look
//	up        Tick          the window opens                                up        look
//	up        Tick          nothing was touched for a while                 up        examine
//	up        Tick          something was touched all the time              up        examine
//	up        Tick          time to see whether a recycle has helped        up        look
//	up        Tick          healthy after a failure                         up        report recovered
//	up        Tick          an OOM kill, and the child lives                stopping  report stopping; signal; signal CONT
//	up        Tick          the same, with OOMContinue                      up        report oom
//
//	draining  Started                                                                 impossible
//	draining  SpawnFailed                                                             impossible
//	draining  Exited        a budget was spent                              starting  report left; spawn
//	draining  Exited        interrupted shortly before                      gone      report left; quit
//	draining  Exited        part of the tree lives                          stopping  signal to the tree; signal CONT to the tree
//	draining  Emptied                                                                 impossible
//	draining  Looked                                                        draining
//	draining  MemoryEvents                                                  draining
//	draining  MemoryEvents  an OOM kill                                     draining  report oom
//	draining  Pressed                                                       draining
//	draining  CPUUsed                                                       draining
//	draining  Served        something is in flight                          draining  report draining
//	draining  Served        the same, and that was said                     draining
//	draining  Served        nothing is                                      stopping  report stopping; signal; signal CONT
//	draining  Ready                                                         draining
//	draining  Ready                                                         draining
//	draining  Probed                                                        draining
//	draining  Extend                                                        draining
//	draining  InputEnded                                                    draining
//	draining  Touched                                                       draining
//	draining  Examined      the next generation has it                      draining
//	draining  StopAsked                                                     stopping  report stopping; signal; signal CONT
//	draining  RestartAsked                                                  draining
//	draining  Interrupted                                                   stopping  report stopping; signal; signal CONT
//	draining  Forward                                                       draining  signal
//	draining  ClockSet                                                      draining
//	draining  Tick          the time to drain runs                          draining
//	draining  Tick          it is over                                      stopping  report stopping; signal; signal CONT
//
//	stopping  Started                                                                 impossible
//	stopping  SpawnFailed                                                             impossible
//	stopping  Exited        the end was asked for                           gone      report left; quit
//	stopping  Exited        a budget was spent                              starting  report left; spawn
//	stopping  Exited        a budget, sooner than MinUptime                 waiting   report left; report no-help
//	stopping  Exited        a budget, under never                           gone      report left; report budget-end; quit
//	stopping  Exited        part of the tree lives                          stopping  signal to the tree; signal CONT to the tree
//	stopping  Emptied       as after the end of the child                   starting  report left; report ended; spawn
//	stopping  Looked                                                        stopping
//	stopping  MemoryEvents                                                  stopping
//	stopping  MemoryEvents  an OOM kill                                     stopping  report oom
//	stopping  Pressed                                                       stopping
//	stopping  CPUUsed                                                       stopping
//	stopping  Served                                                        stopping
//	stopping  Ready                                                         stopping
//	stopping  Ready                                                         stopping
//	stopping  Probed                                                        stopping
//	stopping  Extend                                                        stopping
//	stopping  InputEnded                                                    stopping
//	stopping  Touched                                                       stopping
//	stopping  Examined      the next generation has it                      stopping
//	stopping  StopAsked     the first to ask                                stopping
//	stopping  StopAsked     within 100 ms of the first                      stopping
//	stopping  StopAsked     later                                           killing   report killing; kill the tree
//	stopping  StopAsked     its stdin was closed just now                   stopping  signal; signal CONT
//	stopping  RestartAsked  the end was asked for                           stopping
//	stopping  RestartAsked  otherwise it settles what follows               stopping
//	stopping  Interrupted   the first to ask                                stopping
//	stopping  Interrupted   100 ms after the first, or later                killing   report killing; kill the tree
//	stopping  Forward                                                       stopping  signal
//	stopping  ClockSet                                                      stopping
//	stopping  Tick          the grace runs                                  stopping
//	stopping  Tick          the grace is over                               killing   report killing; kill the tree
//	stopping  Tick          its stdin was closed a while ago                stopping  signal; signal CONT
//
//	killing   Started                                                                 impossible
//	killing   SpawnFailed                                                             impossible
//	killing   Exited        the end was asked for                           gone      report left; quit
//	killing   Exited        a budget was spent                              starting  report left; spawn
//	killing   Exited        part of the tree lives                          killing   kill the tree
//	killing   Emptied       as after the end of the child                   starting  report left; spawn
//	killing   Looked                                                        killing
//	killing   MemoryEvents                                                  killing
//	killing   Pressed                                                       killing
//	killing   CPUUsed                                                       killing
//	killing   Served                                                        killing
//	killing   Ready                                                         killing
//	killing   Ready                                                         killing
//	killing   Probed                                                        killing
//	killing   Extend                                                        killing
//	killing   InputEnded                                                    killing
//	killing   Touched                                                       killing
//	killing   Examined      the next generation has it                      killing
//	killing   StopAsked                                                     killing
//	killing   RestartAsked  the end was asked for                           killing
//	killing   Interrupted                                                   killing
//	killing   Forward                                                       killing
//	killing   ClockSet                                                      killing
//	killing   Tick          before the next round                           killing
//	killing   Tick          something is still there                        killing   kill the tree
//
//	waiting   Started                                                                 impossible
//	waiting   SpawnFailed                                                             impossible
//	waiting   Exited                                                                  impossible
//	waiting   Emptied                                                                 impossible
//	waiting   Looked                                                        waiting
//	waiting   MemoryEvents                                                  waiting
//	waiting   Pressed                                                       waiting
//	waiting   CPUUsed                                                       waiting
//	waiting   Served                                                        waiting
//	waiting   Ready                                                         waiting
//	waiting   Ready                                                         waiting
//	waiting   Probed                                                        waiting
//	waiting   Extend                                                        waiting
//	waiting   InputEnded    nobody is owed anything                         gone      quit
//	waiting   InputEnded    somebody is                                     waiting
//	waiting   Touched                                                       waiting
//	waiting   Examined      it is not settled, or nothing has changed       waiting
//	waiting   Examined      something has                                   starting  spawn
//	waiting   StopAsked                                                     gone      quit
//	waiting   RestartAsked                                                  starting  spawn
//	waiting   Interrupted                                                   gone      quit
//	waiting   Forward                                                       waiting
//	waiting   ClockSet                                                      waiting
//	waiting   Tick          before the delay is over                        waiting
//	waiting   Tick          the delay is over                               starting  spawn
//	waiting   Tick          nothing was touched for a while                 waiting   examine
//
//	gone      Started                                                       gone
//	gone      SpawnFailed                                                   gone
//	gone      Exited                                                        gone
//	gone      Emptied                                                       gone
//	gone      Looked                                                        gone
//	gone      MemoryEvents                                                  gone
//	gone      Pressed                                                       gone
//	gone      CPUUsed                                                       gone
//	gone      Served                                                        gone
//	gone      Ready                                                         gone
//	gone      Probed                                                        gone
//	gone      Extend                                                        gone
//	gone      InputEnded                                                    gone
//	gone      Touched                                                       gone
//	gone      Examined                                                      gone
//	gone      StopAsked                                                     gone
//	gone      RestartAsked                                                  gone
//	gone      Interrupted                                                   gone
//	gone      Forward                                                       gone
//	gone      ClockSet                                                      gone
//	gone      Tick                                                          gone
//
// Every event about another generation leads nowhere, in every state.
package restart
